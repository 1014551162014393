import { bareLoop } from './bare-loop.ts';

const [url = '', apiKey = '', concurrency = '1'] = process.argv.slice(2);
process.send?.(await bareLoop({ url, apiKey }, Number(concurrency)));
