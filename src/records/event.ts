/** What happens during a run, in order; written to events.ndjson and sent to reporters. Not versioned apart from report.json. */
export type RunEvent = { readonly time: string } & (
  | { readonly type: 'run-start'; readonly conversions: number; readonly title: string }
  | { readonly type: 'install'; readonly toolchain: string; readonly message: string; readonly done: boolean }
  | { readonly type: 'step-start'; readonly step: StepKind; readonly conversion: string; readonly label: string }
  | {
      readonly type: 'step-end';
      readonly step: StepKind;
      readonly conversion: string;
      readonly label: string;
      readonly cached: boolean;
      readonly milliseconds: number;
      readonly failed: boolean;
    }
  | { readonly type: 'progress'; readonly conversion: string; readonly message: string }
  | {
      readonly type: 'case-end';
      readonly conversion: string;
      readonly verdict: string;
      readonly grade: string | null;
      readonly done: number;
      readonly of: number;
    }
  | { readonly type: 'run-end'; readonly exitCode: number }
);

export type StepKind = 'describe' | 'export' | 'sample' | 'perturb' | 'edit' | 'observe' | 'compare';
