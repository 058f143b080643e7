/** True for a text that names a served model and no file; formats/served-address.ts takes it apart. */
export const isModelAddress = (spec: string): boolean =>
  /^(?:(?:oip|tfserving|sagemaker|served):)?https?:\/\//i.test(spec) || /^(?:oip\+)?grpcs?:\/\//i.test(spec);
