import { OnparError } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import type { CaseSetting, SuiteFile } from './schema.ts';
import type { Case, Joint } from './suite.ts';

type Written = NonNullable<SuiteFile['pipelines']>[string];

/** Behind it stands the whole chain in the ids of a report. */
export const END = 'end';

/** A pipeline as cases: one for each stage, fed with what the reference's stages before it answer. */
export function resolvePipeline(
  id: string,
  { stages, ...shared }: Written,
  resolveCase: (id: string, setting: CaseSetting) => Case,
): Case[] {
  const names = Object.keys(stages);
  const fail = (message: string, fix: string): never => {
    throw new OnparError({ code: 'bad-pipeline', message: `pipeline \`${id}\`: ${message}`, fix });
  };
  if (names.length < 2)
    fail(`has ${names.length === 0 ? 'no stage' : 'one stage'}`, 'a single model is a case: write it below `cases:`');
  if (names.includes(END))
    fail(`a stage is called \`${END}\``, `\`${id}/${END}\` stands for the whole chain; rename the stage`);
  return names.map((name, i) => {
    const { from = {}, ...setting } = stages[name] as Written['stages'][string];
    const joints = Object.entries(from).map(([input, text]): Joint => {
      const before = names.slice(0, i);
      const stage = before.find((each) => text.startsWith(`${each}.`));
      if (stage !== undefined) return { input, stage, output: text.slice(stage.length + 1) };
      return fail(
        `stage \`${name}\` takes \`${input}\` from \`${text}\`, which is no output of a stage before it`,
        before.length === 0
          ? 'the first stage takes samples; remove `from`'
          : `write STAGE.OUTPUT; ${allowedValues(text.split('.')[0] ?? '', before)}`,
      );
    });
    if (i > 0 && joints.length === 0)
      fail(
        `stage \`${name}\` takes nothing from the stages before it`,
        `wire it: \`from: { INPUT: ${names[i - 1]}.OUTPUT }\``,
      );
    const one = resolveCase(name, { ...setting, ...shared } as CaseSetting);
    return { ...one, id: `${id}/${name}`, stage: { pipeline: id, name, joints } };
  });
}
