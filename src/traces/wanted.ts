type Environment = Readonly<Record<string, string | undefined>>;

/** Whether traces are to be sent; `sentence`: they are asked for in a way that cannot be followed, so none are. */
export type Wanted = 'yes' | 'no' | { readonly sentence: string };

/** By OpenTelemetry's own variables; empty ones count as not set, as its specification has it. */
export function tracesWanted(env: Environment): Wanted {
  const read = (name: string): string | undefined => env[name]?.trim() || undefined;
  const ofTraces = (name: string): readonly [name: string, value: string] | undefined => {
    const names = [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
    return names.map((one) => [one, read(one) ?? ''] as const).find(([, value]) => value !== '');
  };
  const endpoint = ofTraces('ENDPOINT');
  if (endpoint === undefined || read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return 'no';
  if (!(read('OTEL_TRACES_EXPORTER') ?? 'otlp').split(',').some((one) => one.trim() === 'otlp')) return 'no';
  const [name, url] = endpoint;
  // Never the value: it may hold a password.
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    return { sentence: `no traces are sent: ${name} is not an http or https URL` };
  const [protocolName, protocol] = ofTraces('PROTOCOL') ?? ['', 'http/json'];
  if (protocol !== 'http/json' && protocol !== 'http/protobuf')
    return { sentence: `no traces are sent: ${protocolName} has to be http/json or http/protobuf` };
  return 'yes';
}
