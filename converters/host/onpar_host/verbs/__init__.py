"""One verb of the protocol a file; each offers `answer(worker, params, progress)`."""
