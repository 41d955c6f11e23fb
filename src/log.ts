import { type Logger, pino } from 'pino';

/** Makes the process's logger: one JSON line per entry on standard output, errors whole with their causes, secrets never. */
export function makeLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['req.headers.authorization', '*.token', '*.apiKey', '*.signingSecret'],
    serializers: { err: pino.stdSerializers.errWithCause },
  });
}
