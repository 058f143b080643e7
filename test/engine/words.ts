/** Fifty words, as PyTorch code: only a graph made of it tells how many there are, and so which ids are legal. */
export const WORDS = `import torch


class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(50, 4)

    def forward(self, ids):
        return self.words(ids).mean(dim=1)


def build():
    torch.manual_seed(0)
    return Words().eval()
`;
