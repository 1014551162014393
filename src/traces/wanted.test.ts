import { describe, expect, test } from 'vitest';
import { tracesWanted } from './wanted.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('traces', () => {
  test.each([
    ['one endpoint for all', ENDPOINT],
    ['one for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' }],
    ['the exporter named', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'console, otlp' }],
    ['the SDK not disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }],
    ['JSON', { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }],
    ['the default of others', { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }],
    ['variables that are empty', { ...ENDPOINT, OTEL_TRACES_EXPORTER: '', OTEL_EXPORTER_OTLP_PROTOCOL: ' ' }],
    [
      'another protocol for what is no trace',
      {
        ...ENDPOINT,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      },
    ],
  ])('are sent with %s', (_, env) => {
    expect(tracesWanted(env)).toBe('yes');
  });

  test.each([
    ['no endpoint', {}],
    ['an empty one', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
    ['a name alone', { OTEL_SERVICE_NAME: 'retention' }],
    ['the SDK disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }],
    ['no exporter', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
    ['another exporter', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'console' }],
  ])('are not sent with %s', (_, env) => {
    expect(tracesWanted(env)).toBe('no');
  });

  test.each([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      /OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL/,
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://user:secret@host' }, /OTEL_EXPORTER_OTLP_ENDPOINT is not/],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://' }, /OTEL_EXPORTER_OTLP_TRACES_ENDPOINT/],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /OTEL_EXPORTER_OTLP_PROTOCOL has to be http/],
  ])('that cannot be sent as asked for are not sent, and it is said: %o', (env, sentence) => {
    expect(tracesWanted(env)).toEqual({ sentence: expect.stringMatching(sentence) as string });
    expect(JSON.stringify(tracesWanted(env))).not.toContain('secret');
  });
});
