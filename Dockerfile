# syntax=docker/dockerfile:1

FROM node:24-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    RETENTION_STATE_DIR=/state
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY policies ./policies
RUN install -d -o node -g node -m 0700 /state \
 && ln -s /app/dist/main.js /usr/local/bin/customgpt-retention
USER node
VOLUME /state
# `serve` touches this file every 30 seconds: a worker that hangs is seen. Whether runs succeed is what `runs` and the
# logs tell.
HEALTHCHECK --interval=60s --timeout=5s --start-period=60s \
  CMD ["sh", "-c", "test -n \"$(find /state/serve.alive -mmin -3)\""]
ENTRYPOINT ["customgpt-retention"]
CMD ["serve", "/policies"]
