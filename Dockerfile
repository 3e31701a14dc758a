# foster, as an image of its own and as one folder for any other image:
#   FROM any-linux-image
#   COPY --from=foster /opt/foster /opt/foster
#   ENTRYPOINT ["/opt/foster/foster"]
# As /opt/foster/supervisord and supervisorctl it takes Supervisor's options and words.
# The snapshot inside the executable is made by running it: each architecture is built on, or emulated as, itself.

FROM docker.io/library/node:26-bookworm-slim AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      binutils libatomic1 libgcc-s1 libstdc++6 patchelf \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY LICENSE ./
COPY build build
COPY src ./src

# The executable brings its own loader and libraries, so that it runs where there are none, or others. patchelf comes
# after the build (before it, the file breaks; so does strip after patchelf). An RPATH, not a RUNPATH, because only that
# wins over LD_LIBRARY_PATH; and no variable, because programs would inherit it.
RUN set -eu; \
    npm run build:executable; \
    mkdir -p /opt/foster/lib; \
    loader=$(patchelf --print-interpreter dist/foster); \
    cp -L "$loader" /opt/foster/lib/; \
    ldd dist/foster | awk '$2 == "=>" { print $3 }' | xargs -I{} cp -L {} /opt/foster/lib/; \
    mv dist/foster dist/THIRD-PARTY-LICENSES LICENSE /opt/foster/; \
    for package in libc6 libstdc++6 libgcc-s1 libatomic1; do \
      cp -L "/usr/share/doc/$package/copyright" "/opt/foster/lib/$package.copyright"; \
    done; \
    ln -s foster /opt/foster/supervisord; \
    ln -s foster /opt/foster/supervisorctl; \
    rm -r dist; \
    patchelf --set-interpreter "/opt/foster/lib/$(basename "$loader")" /opt/foster/foster; \
    patchelf --force-rpath --set-rpath /opt/foster/lib /opt/foster/foster; \
    chmod -R a+rX,go-w /opt/foster; \
    env -i LD_LIBRARY_PATH=/nowhere /opt/foster/foster version; \
    ls -l /opt/foster /opt/foster/lib

# For COPY --from: nothing but the folder.
FROM scratch AS dist
COPY --from=build /opt/foster /opt/foster
ENTRYPOINT ["/opt/foster/foster"]

# The default: Debian with foster in it. The configuration goes to /etc/foster/foster.yaml.
FROM docker.io/library/debian:bookworm-slim
COPY --from=dist /opt/foster /opt/foster
RUN mkdir /etc/foster && cd /opt/foster && ln -s "$PWD/foster" "$PWD/supervisord" "$PWD/supervisorctl" /usr/local/bin/
ENTRYPOINT ["/opt/foster/foster"]
STOPSIGNAL SIGTERM
