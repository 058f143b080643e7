// Stands in for the package `string-width` in the bundle, where only yargs' help layout asks for it. The package builds
// three segmenters and the emoji tables when it is loaded: a quarter of the time that onpar needs to start.
import { stripVTControlCharacters } from 'node:util';

/** Columns of a text without wide characters, which is all that onpar's help holds. */
export default function stringWidth(text) {
  return [...stripVTControlCharacters(String(text))].length;
}
