// onpar as it comes, with its whole portfolio of samples, in the time that the peer takes for its one.
import { againstPolygraphy } from './lib/squeezenet.js';

export const run = (options) => againstPolygraphy({ ...options, name: 'portfolio', options: [], goal: 1 });
export const runs = 15;
