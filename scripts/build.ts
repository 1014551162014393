import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';

/*
 * Most of a short command's time goes into finding, reading and linking modules one by one: bundled as CommonJS, which is
 * loaded in one go, `validate` takes half. Only spaces are taken out: names stay, and stack traces are read with the
 * source maps.
 */

/** They load files of their own while they run (a native module, workers, WebAssembly), or bring no license text (standardwebhooks). */
const STAY_PACKAGES = /^(better-sqlite3|node-cron|pino|pino-pretty|standardwebhooks|undici)(\/|$)/;

/** The package.json of this project says that a `.js` file is an ES module; and bundled packages bring their licenses. */
const besideTheCode: Plugin = {
  name: 'beside-the-code',
  generateBundle(_options, bundle) {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' });
    const modules = Object.values(bundle).flatMap((output) =>
      output.type === 'chunk' ? output.moduleIds : [],
    );
    const packages = new Set(modules.flatMap((file) => packageOf(file) ?? []));
    this.emitFile({
      type: 'asset',
      fileName: 'licenses.txt',
      source: [...packages].sort().map(licenseOf).join('\n'),
    });
  },
};

/** The folder of the package that a file belongs to. */
function packageOf(file: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0];
}

function licenseOf(folder: string): string {
  const name = folder.slice(folder.lastIndexOf(`node_modules${sep}`) + `node_modules${sep}`.length);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no license text`);
  return `== ${name}\n\n${readFileSync(join(folder, file), 'utf8')}`;
}

/** The one for browsers: that for Node asks, while it loads, whether a canvas is installed, and nobody here paints on one. */
const VEGA_CANVAS = resolve('node_modules/vega-canvas/build/vega-canvas.browser.js');

const bundle = await rolldown({
  input: 'src/main.ts',
  platform: 'node',
  resolve: { alias: { 'vega-canvas': VEGA_CANVAS } },
  external: STAY_PACKAGES,
  plugins: [besideTheCode],
});
await bundle.write({
  dir: 'dist',
  cleanDir: true,
  format: 'cjs',
  sourcemap: true,
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
});
await bundle.close();
chmodSync('dist/main.js', 0o755);
