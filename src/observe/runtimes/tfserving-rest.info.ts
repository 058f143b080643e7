import type { RuntimeInfo } from '../../records/catalogue.ts';
import { COMMON_OPTIONS } from '../served/options.ts';

export const TFSERVING_REST: RuntimeInfo = {
  name: 'tfserving-rest',
  formats: ['served'],
  toolchain: 'node',
  isReference: true,
  remote: true,
  options: {
    signature: { type: 'string', description: 'The signature that is called; default: `serving_default`' },
    layout: {
      enum: ['auto', 'columns', 'rows'],
      default: 'auto',
      description:
        '`columns`: `{"inputs": …}`, any tensor; `rows`: `{"instances": […]}`, one object for each row of the batch; `auto`: columns where the server tells its signatures',
    },
    outputs: {
      type: 'object',
      description: 'Output → dtype, where the server tells no signatures (KServe’s V1 protocol)',
    },
    ...COMMON_OPTIONS,
  },
};
