import { describe, expect, test } from 'vitest';
import { LayerScopes } from '../../src/formats/layer-scopes.ts';

describe('layers in the names of operators', () => {
  test('of a model that was traced again lose its number, and code inside of layers is none', () => {
    const scopes = new LayerScopes([
      'StatefulPartitionedCall/net_1/stem_1/Conv2D',
      'StatefulPartitionedCall/net_1/block_1/norm_1/batchnorm/mul',
      'Func/StatefulPartitionedCall/input/_0',
      'Identity',
    ]);
    expect(scopes.layers('StatefulPartitionedCall/net_1/block_1/norm_1/batchnorm/mul')).toEqual(['block', 'norm']);
    expect(scopes.origins(['net_1/stem_1/Relu', 'net_1/block_1/norm_1/batchnorm/mul'])).toEqual([
      'stem',
      'block/norm',
      'block',
      'net_1/stem_1/Relu',
      'net_1/block_1/norm_1/batchnorm/mul',
    ]);
    expect(scopes.layers('Identity')).toEqual([]);
  });

  test('keep numbers that their author gave', () => {
    const scopes = new LayerScopes(['net/dense/MatMul', 'net/dense_1/MatMul', 'net/dense_1/moments/mean:0']);
    expect(scopes.layers('net/dense_1/MatMul')).toEqual(['dense_1']);
    // Where nothing is counted, scopes inside of a layer cannot be told from layers: both are offered.
    expect(scopes.origins(['net/dense_1/moments/mean:0'])).toEqual([
      'dense_1/moments',
      'dense_1',
      'net/dense_1/moments/mean',
    ]);
  });

  test('are all there are where the names share no model', () => {
    const scopes = new LayerScopes(['first/MatMul', 'second/MatMul']);
    expect(scopes.layers('first/MatMul')).toEqual(['first']);
    expect(scopes.origins(['PartitionedCall_1:0'])).toEqual([]);
  });
});
