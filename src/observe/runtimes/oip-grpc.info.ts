import type { RuntimeInfo } from '../../records/catalogue.ts';
import { COMMON_OPTIONS } from '../served/options.ts';

export const OIP_GRPC: RuntimeInfo = {
  name: 'oip-grpc',
  formats: ['served'],
  toolchain: 'node',
  isReference: true,
  remote: true,
  options: {
    tensors: {
      enum: ['raw', 'typed'],
      default: 'raw',
      description: 'Send tensors as bytes (`raw_input_contents`) or as lists of numbers; both are read',
    },
    ...COMMON_OPTIONS,
  },
};
