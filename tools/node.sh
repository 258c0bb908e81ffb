# Shared by the launcher and the scripts beside this file; expects $home. POSIX sh.

# Whether the exact packages of package-lock.json are there.
posthorn_installed() {
  [ ! -f "$home/package-lock.json" ] && return 0 # an installed package, not a clone
  marker=$home/node_modules/.package-lock.json
  [ -f "$marker" ] && [ ! "$home/package-lock.json" -nt "$marker" ]
}

# Installs them when they are not. Of two commands that start at once, one installs and the other waits for it.
posthorn_install() {
  posthorn_installed && return 0
  if [ -L "$home/node_modules" ]; then # npm ci would empty the folder that others work with
    [ -x "$home/node_modules/.bin/node" ] && return 0
    echo "posthorn: $home/node_modules is a link to packages that are not there. Remove the link and try again." >&2
    exit 69
  fi
  if ! command -v npm >/dev/null 2>&1; then
    echo "posthorn: npm is needed once, to install what Posthorn runs on. Install Node.js 20 or later with npm, then try again." >&2
    exit 69
  fi
  busy=$home/.installing
  waited=0
  until mkdir "$busy" 2>/dev/null; do
    if [ "$waited" -ge 300 ]; then
      echo "posthorn: another installation seems to be stuck. If none runs: rmdir $busy" >&2
      exit 75
    fi
    sleep 1
    waited=$((waited + 1))
  done
  trap 'rmdir "$busy" 2>/dev/null' EXIT
  trap 'exit 130' INT TERM
  if ! posthorn_installed; then
    echo "posthorn: installing packages (once, about 15 seconds) ..." >&2
    if ! (cd "$home" && npm ci --no-audit --no-fund --loglevel=error >&2); then
      echo "posthorn: the installation failed; the reason stands above. Try again with: (cd $home && npm ci)" >&2
      exit 69
    fi
    touch "$home/node_modules/.package-lock.json"
  fi
  rmdir "$busy" 2>/dev/null
  trap - EXIT INT TERM
}

# Sets $node to a Node >= 26: the one from the npm package of this platform, else the one on PATH.
posthorn_node() {
  node=$home/node_modules/.bin/node
  [ -x "$node" ] && return 0 # exact version, from the lock file
  node=$(command -v node 2>/dev/null || true)
  case $([ -n "$node" ] && "$node" --version 2>/dev/null) in
    v2[6-9].* | v[3-9][0-9].*) return 0 ;;
  esac
  echo "posthorn: needs Node 26 or later, and npm has no package of it for this platform. Install it from nodejs.org and put it on PATH." >&2
  exit 69
}
