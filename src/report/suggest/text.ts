import type { ReportCase } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { outcomeWord } from '../words.ts';
import type { CaseSuggestion, OutputSuggestion } from './suggest.ts';
import { suiteLines } from './suggest.ts';

/** What `onpar suggest` prints about one conversion: the lines to paste, then what each would accept. */
export function suggestionText(c: Pick<ReportCase, 'verdict' | 'grade'>, s: CaseSuggestion): string[] {
  const lines = suiteLines(s);
  const refused = s.outputs.some((o) => o.refused !== null);
  return [
    `${visible(s.conversion)}  ${outcomeWord(c.verdict, c.grade)}`,
    ...s.blocked.map((text) => `  ! no tolerance makes it pass: ${visible(text)}`),
    ...(lines === null
      ? [
          s.outputs.length === 0
            ? '  nothing was compared'
            : refused
              ? '  no tolerance to suggest'
              : '  no tolerance is needed',
        ]
      : lines.map((text) => `  ${visible(text)}`)),
    ...s.outputs.flatMap(outputText),
  ];
}

function outputText({ output, suggestions, refused, warnings }: OutputSuggestion): string[] {
  const width = Math.max(...suggestions.map((s) => s.yaml.length), 0);
  return [
    '',
    `  ${visible(output)}`,
    ...(refused === null ? [] : [`    ${visible(refused)}`]),
    ...suggestions.map((s) => `    ${s.yaml.padEnd(width)}  ${s.accepts}`),
    ...warnings.map((text) => `    ! ${text}`),
  ];
}
