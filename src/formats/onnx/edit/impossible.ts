import { OnparError } from '../../../core/errors.ts';

/** OnparError `edit-impossible`: an edit does not apply to this model. `what` names the node or tensor and says why. */
export const impossible = (file: string, what: string, fix?: string): OnparError =>
  new OnparError({
    code: 'edit-impossible',
    message: `${file}: ${what}`,
    ...(fix === undefined ? {} : { fix }),
  });

export const quoted = (name: string): string => JSON.stringify(name);

/** The first few names of many, for "name one of …". */
export function some(names: Iterable<string>): string {
  const all = [...names];
  return all.slice(0, 8).join(', ') + (all.length > 8 ? `, … (${all.length})` : '') || 'none';
}
