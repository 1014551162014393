import tseslint from 'typescript-eslint';

const edges = [
  {
    name: 'Date',
    message: 'Use core/instant.ts for parsing and the Clock port for the present.',
  },
  { name: 'process', message: 'Environment, arguments and signals are read in main.ts and src/cli only.' },
  { name: 'console', message: 'Printing belongs to src/cli/output.ts.' },
  { name: 'setTimeout', message: 'Sleep through the Clock port.' },
  { name: 'setInterval', message: 'Sleep through the Clock port.' },
];

export default tseslint.config(
  { ignores: ['eslint.config.js', 'dist/', 'coverage/', 'node_modules/', 'state/', 'reports/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
      complexity: ['error', 15],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'TSEnumDeclaration', message: 'A union of literals instead.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/sandbox/**'],
    rules: { 'no-restricted-globals': ['error', ...edges] },
  },
  { files: ['src/main.ts', 'src/cli/**/*.ts'], rules: { 'no-restricted-globals': 'off' } },
  {
    files: ['**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts', '*.config.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-syntax': 'off',
      'max-lines': 'off',
      'max-lines-per-function': 'off',
    },
  },
);
