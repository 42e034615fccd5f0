"""The five services of Promptgram. A service never imports another: they speak over NATS."""
