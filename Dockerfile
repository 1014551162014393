# syntax=docker/dockerfile:1

# Compiles better-sqlite3 where no ready-made binary fits, and bundles the program. Nothing of this stage but its output is kept.
FROM node:24-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts/build.ts ./scripts/
COPY src ./src
RUN npm run build && npm prune --omit=dev

# The same Debian release, or the compiled module would not load.
FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    RETENTION_STATE_DIR=/state
COPY --from=build /app/package.json /app/
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
RUN install -d -o node -g node -m 0700 /state \
 && ln -s /app/dist/main.js /usr/local/bin/customgpt-retention
# From / the commands' default path, policies/, is the folder that is mounted at /policies.
WORKDIR /
USER node
VOLUME /state
# Sees a worker that hangs. It says nothing about whether runs succeed (`status`, the status page and the metrics do), and
# nothing about other commands: switch it off for those.
HEALTHCHECK --interval=60s --timeout=5s --start-period=60s \
  CMD ["customgpt-retention", "alive"]
ENTRYPOINT ["customgpt-retention"]
CMD ["serve", "/policies"]
