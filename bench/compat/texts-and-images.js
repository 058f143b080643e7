// Models that are no layers: folders of Hugging Face's, tokenizers, and recipes that make tensors of pictures and sounds.

const BASES = ['bert', 'gpt2', 't5'];

/** Written down step by step: a row that is masked wholly has no answer on which fused kernels agree. */
const EAGER = { attention: 'eager' };

/** One step of eight bits is 1/255: who rounds while resizing is a step or two away. */
const STEPS = { image: { atol: 2.1 / 255, rtol: 0 } };
const EXACT = { image: { atol: 1e-6, rtol: 1e-5 } };
const RECIPES = { whole: EXACT, linear: EXACT, smooth: STEPS, area: STEPS };

/** Power: a bin without sound holds the rounding of one with it, up to 200² where all is at 1. */
const POWER = { features: { atol: 1e-2, rtol: 1e-4 } };
/** Decades above a floor of 1e-5, or librosa against itself. */
const DECADES = { features: { atol: 1e-3, rtol: 1e-4 } };
const SOUNDS = { power: POWER, 'short-window': POWER, htk: DECADES, slaney: DECADES };

export const TEXTS_AND_IMAGES = {
  ...Object.fromEntries(
    BASES.map((name) => [
      `huggingface-${name}`,
      {
        format: 'huggingface',
        about: `${name}, tiny, random weights`,
        case: { source: `models/huggingface/${name}`, reference: { options: EAGER } },
      },
    ]),
  ),
  ...Object.fromEntries(
    BASES.map((name) => [
      `tokenizer-${name}`,
      {
        format: 'tokenizer',
        about: `tokenizer of ${name}`,
        // Every kind of text, not six of them.
        case: { source: `models/huggingface/${name}/tokenizer.json`, samples: 'portfolio' },
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(RECIPES).map(([name, tolerance]) => [
      `preprocess-${name}`,
      {
        format: 'preprocess',
        about: `${name}`,
        whole: true,
        case: { source: `zoo/recipes/${name}.json`, samples: 'portfolio', tolerance },
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(SOUNDS).map(([name, tolerance]) => [
      `audio-${name}`,
      {
        format: 'audio',
        about: `${name}`,
        whole: true,
        case: { source: `zoo/recipes/audio-${name}.json`, samples: 'portfolio', tolerance },
      },
    ]),
  ),
};

/** How `huggingface-onnx` is asked: as its references are. */
export const HUGGINGFACE_MODES = [{ name: 'eager', options: EAGER }];
