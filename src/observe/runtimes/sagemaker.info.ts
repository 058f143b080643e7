import type { RuntimeInfo } from '../../records/catalogue.ts';
import { COMMON_OPTIONS } from '../served/options.ts';

export const SAGEMAKER: RuntimeInfo = {
  name: 'sagemaker',
  formats: ['served'],
  toolchain: 'node',
  isReference: true,
  remote: true,
  options: {
    content: { enum: ['json', 'csv', 'npy'], default: 'json', description: 'Content type that tensors are sent as' },
    accept: { enum: ['json', 'csv', 'npy'], description: 'Content type that is asked for; default: as `content`' },
    csvHeader: {
      type: 'boolean',
      default: false,
      description:
        'Write the names of the columns first: MLflow takes the first row for them, the framework containers do not',
    },
    body: {
      enum: ['list', 'inputs', 'instances', 'dataframe_split', 'dataframe_records'],
      default: 'list',
      description:
        'Shape of the JSON: a bare list (the framework containers), `{"inputs": …}` and the others as TensorFlow’s container and MLflow take them',
    },
    outputs: {
      type: 'object',
      description:
        'Output → dtype, in the order of the answer: `/invocations` tells neither. Without it a dtype is read from how the numbers are written',
    },
    ping: { type: 'boolean', default: true, description: 'Ask `/ping` first' },
    ...COMMON_OPTIONS,
  },
};
