import type { RuntimeInfo } from '../../records/catalogue.ts';
import { COMMON_OPTIONS } from '../served/options.ts';

export const OIP_REST: RuntimeInfo = {
  name: 'oip-rest',
  formats: ['served'],
  toolchain: 'node',
  isReference: true,
  remote: true,
  options: {
    binary: {
      enum: ['auto', 'always', 'never'],
      default: 'auto',
      description: 'Tensors as bytes behind the JSON; `auto`: where the server says that it can',
    },
    ...COMMON_OPTIONS,
  },
};
