// undici writes its types for the package as a whole only; this is the part of it that transport.ts loads.
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}
