import assert from "node:assert/strict";
import { test } from "node:test";
import { applicationOf, type ProgramFacts, resolvePath } from "./application.ts";
import type { Container } from "./process.ts";

function facts(path: string | undefined, line = "", more: Partial<ProgramFacts> = {}) {
  return {
    name: path?.split("/").at(-1)?.slice(0, 15) ?? "",
    path,
    arguments: line === "" ? [] : line.split(" "),
    container: undefined,
    unit: undefined,
    kernelThread: false,
    parents: [],
    ...more,
  } satisfies ProgramFacts;
}

const PYTHON = "/usr/bin/python3.11";
const NODE = "/usr/bin/node";
const JAVA = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java";

test("applicationOf() takes the executable", () => {
  const curl = { key: "path:/usr/bin/curl", name: "curl", path: "/usr/bin/curl" };
  assert.deepEqual(applicationOf(facts("/usr/bin/curl", "curl -s https://x")), curl);
  assert.deepEqual(applicationOf(facts("/usr/bin/curl (deleted)")), curl);
  assert.deepEqual(applicationOf(facts("/usr/bin/curl", "sh -c x", { unit: "a.service" })), curl);
  const nginx = applicationOf(facts("/usr/sbin/nginx", "nginx: worker process"));
  assert.equal(nginx.key, "path:/usr/sbin/nginx");
  assert.deepEqual(
    applicationOf(facts("/snap/firefox/4848/usr/lib/firefox/firefox")).key,
    "path:/snap/firefox/current/usr/lib/firefox/firefox",
  );
  assert.equal(
    applicationOf(facts("/tmp/.mount_cursorAbC1f2/usr/bin/cursor")).key,
    "path:/tmp/.mount_cursor*/usr/bin/cursor",
  );
});

test("applicationOf() names what has no executable", () => {
  const none = { container: undefined, path: undefined };
  assert.deepEqual(
    applicationOf(facts(undefined, "", { name: "kworker/0:1", kernelThread: true })),
    {
      key: "kernel",
      name: "kernel",
      path: undefined,
    },
  );
  assert.deepEqual(applicationOf({ ...facts(undefined), ...none }), {
    key: "unknown",
    name: "unknown",
    path: undefined,
  });
  assert.deepEqual(applicationOf(facts(undefined, "", { name: "curl" })), {
    key: "name:curl",
    name: "curl",
    path: undefined,
  });
});

test("applicationOf() puts the container first", () => {
  const cases: [Container, string, string][] = [
    [{ engine: "docker", id: "0123456789ab", name: "web" }, "container:web", "web (docker)"],
    [{ engine: "podman", id: "0123456789ab" }, "container:0123456789ab", "0123456789ab (podman)"],
    [{ engine: "unknown", id: "debian" }, "container:debian", "debian (container)"],
  ];
  for (const [container, key, name] of cases) {
    const found = applicationOf(facts(PYTHON, "python3 a.py", { container }));
    assert.deepEqual(found, { key, name, path: undefined });
  }
});

test("applicationOf() finds the script of an interpreter", () => {
  const cases: [string, string, string][] = [
    [PYTHON, "python3 train.py --epochs 3", "train.py (python3)"],
    [PYTHON, "python3 -u -W ignore -X dev -B train.py -c x", "train.py (python3)"],
    [PYTHON, "python3 -uBWignore train.py", "train.py (python3)"],
    [PYTHON, "python3 --check-hash-based-pycs always -- train.py", "train.py (python3)"],
    [PYTHON, "python3 -m http.server 8000", "http.server (python3)"],
    [PYTHON, "python3 -Im pip install x", "pip (python3)"],
    [PYTHON, "python3 -mpip install x", "pip (python3)"],
    ["/usr/bin/pypy3", "pypy3 a.py", "a.py (pypy3)"],
    [NODE, "node --require ./hook.js -r esm --max-old-space-size=99 server.js", "server.js (node)"],
    [NODE, "node --import=tsx --enable-source-maps src/main.ts", "main.ts (node)"],
    [NODE, "/usr/bin/node --inspect -C dev app.mjs", "app.mjs (node)"],
    ["/usr/bin/ruby3.1", "ruby -w -I lib -rset -Ku bin/rails server", "rails (ruby)"],
    ["/usr/bin/perl", "perl -w -Mstrict -I lib -T /usr/bin/ack x", "ack (perl)"],
    ["/usr/bin/perl5.36.0", "perl -C0 -d:NYTProf a.pl", "a.pl (perl)"],
    ["/usr/bin/bash", "bash -euo pipefail deploy.sh", "deploy.sh (bash)"],
    ["/usr/bin/bash", "-bash --rcfile /x deploy.sh", "deploy.sh (bash)"],
    ["/usr/bin/dash", "/bin/sh +x /opt/run", "run (dash)"],
    ["/usr/bin/zsh", "zsh -o extendedglob a.zsh", "a.zsh (zsh)"],
    ["/bin/busybox", "sh /opt/run", "run (busybox)"],
    ["/bin/busybox", "wget http://x", "wget (busybox)"],
    ["/usr/bin/php8.2", "php -d memory_limit=1G artisan queue:work", "artisan (php)"],
    ["/usr/bin/php8.2", "php -f a.php", "a.php (php)"],
    [JAVA, "java -Xmx1g -cp a:b -jar /opt/app/app.jar x", "app.jar (java)"],
    [
      JAVA,
      "java -cp lib/* -Dx=y --add-opens java.base/x=ALL org.acme.Main",
      "org.acme.Main (java)",
    ],
    [
      JAVA,
      "java --add-opens=java.base/x=ALL @args -m mod/org.acme.Main",
      "mod/org.acme.Main (java)",
    ],
    ["/usr/bin/deno", "deno run -A --config d.json main.ts", "main.ts (deno)"],
    ["/usr/bin/deno", "deno run --allow-net https://deno.land/x/serve.ts", "serve.ts (deno)"],
    ["/usr/bin/bun", "bun run ./index.ts", "index.ts (bun)"],
    ["/usr/bin/bun", "bun index.ts", "index.ts (bun)"],
    ["/usr/bin/dotnet", "dotnet exec --runtimeconfig a.json app.dll", "app.dll (dotnet)"],
    ["/usr/lib/R/bin/exec/R", "R --no-echo --no-restore --file=fit.R --args 1", "fit.R (R)"],
    ["/usr/bin/Rscript", "Rscript --vanilla fit.R", "fit.R (Rscript)"],
    ["/usr/bin/lua5.4", "lua -l x -e y=1 a.lua", "a.lua (lua)"],
    ["/usr/bin/mono-sgen", "mono-sgen x.exe", "mono-sgen"],
    ["/usr/bin/mono", "mono --debug x.exe", "x.exe (mono)"],
  ];
  for (const [path, line, name] of cases) {
    assert.equal(applicationOf(facts(path, line)).name, name, line);
  }
});

test("applicationOf() keeps an interpreter that runs no script", () => {
  const cases: [string, string][] = [
    [PYTHON, "python3"],
    [PYTHON, "python3 -"],
    [PYTHON, "python3 -c import\nx y.py"],
    [PYTHON, "python3 -Bc x y.py"],
    [PYTHON, "python3 -m"],
    [NODE, "node -e x y.js"],
    [NODE, "node --eval=x y.js"],
    [NODE, "node -pe x"],
    ["/usr/bin/perl", "perl -0777ne x file"],
    ["/usr/bin/perl", "perl -lne x file"],
    ["/usr/bin/ruby3.1", "ruby -e x file"],
    ["/usr/bin/bash", "bash -lc x y"],
    ["/usr/bin/bash", "-bash"],
    ["/usr/bin/bash", "bash -s a"],
    ["/usr/bin/php8.2", "php -S localhost:8000 -t public"],
    [JAVA, "java -version"],
    ["/usr/bin/deno", "deno install"],
    ["/usr/bin/bun", "bun run dev"],
    ["/usr/bin/dotnet", "dotnet build"],
    [PYTHON, ""],
  ];
  for (const [path, line] of cases) {
    assert.equal(applicationOf(facts(path, line)).key, `path:${path}`, line);
  }
});

test("applicationOf() makes the script's path absolute where it can", () => {
  const key = (line: string, cwd?: string) => {
    const { key, path } = applicationOf(facts(PYTHON, line, { cwd }));
    return [key, path];
  };
  assert.deepEqual(key("python3 train.py", "/opt"), ["script:/opt/train.py", "/opt/train.py"]);
  assert.deepEqual(key("python3 ../a/./b.py", "/opt/x"), ["script:/opt/a/b.py", "/opt/a/b.py"]);
  assert.deepEqual(key("python3 /srv//x.py", "/opt"), ["script:/srv/x.py", "/srv/x.py"]);
  assert.deepEqual(key("python3 ./train.py"), ["script:train.py", "train.py"]);
  assert.deepEqual(key("python3 -m http.server", "/opt"), ["script:http.server", PYTHON]);
  assert.equal(resolvePath("../../x", "/a"), "/x");
  assert.equal(resolvePath("../x"), "../x");
});

test("applicationOf() knows a daemon behind an interpreter by its unit", () => {
  const unit = (unit: string, line: string) => applicationOf(facts(PYTHON, line, { unit })).key;
  assert.equal(unit("sync.service", "python3 -c x"), "unit:sync.service");
  assert.equal(unit("sync.service", "python3 /opt/sync.py"), "script:/opt/sync.py");
  assert.equal(unit("sync.service", "sync:worker"), "unit:sync.service");
  assert.equal(unit("user@1000.service", "python3"), `path:${PYTHON}`);
  const users = "user@1000.service/sync.service";
  assert.equal(unit(users, "python3 -c x"), `unit:${users}`);
  assert.equal(unit("session-3.scope", "python3"), `path:${PYTHON}`);
});

test("applicationOf() finds the script behind an overwritten title", () => {
  const title = (text: string, more: Partial<ProgramFacts> = {}) =>
    applicationOf({ ...facts(PYTHON, "", more), arguments: [text] });
  const script = "/usr/bin/gunicorn";
  assert.equal(title("gunicorn: master [app]", { script }).key, `script:${script}`);
  const master = facts(PYTHON, `python3 ${script} app`);
  const worker = { ...facts(PYTHON), arguments: ["gunicorn: worker [app]"] };
  assert.equal(
    title(worker.arguments[0] ?? "", { parents: [worker, master] }).key,
    `script:${script}`,
  );
  assert.deepEqual(title("gunicorn: worker"), {
    key: "script:gunicorn",
    name: "gunicorn (python3)",
    path: PYTHON,
  });
  assert.equal(title("[celeryd: celery@host:MainProcess]").name, "celeryd (python3)");
  assert.equal(title("   ").key, `path:${PYTHON}`);
  assert.equal(title("python3 joined by blanks.py").key, `path:${PYTHON}`);
});

test("applicationOf() takes npm and its kin for one application each", () => {
  const npm = { key: "script:npm", name: "npm", path: NODE };
  const script = "node /usr/lib/node_modules/npm/bin/npm-cli.js install";
  assert.deepEqual(applicationOf(facts(NODE, script)), npm);
  assert.deepEqual(applicationOf(facts(NODE, "node /usr/bin/npm ci")), npm);
  assert.deepEqual(applicationOf({ ...facts(NODE), arguments: ["npm install left-pad"] }), npm);
  assert.equal(applicationOf(facts(NODE, "node /x/pnpm.cjs i")).key, "script:pnpm");
  assert.equal(applicationOf(facts(PYTHON, "python3 npm")).key, "script:npm");
});

test("applicationOf() rolls helpers up to their program", () => {
  const https = (parent?: ProgramFacts) =>
    applicationOf(facts("/usr/lib/apt/methods/https", "", { parents: parent ? [parent] : [] }));
  assert.deepEqual(https(), { key: "path:/usr/bin/apt", name: "apt", path: "/usr/bin/apt" });
  assert.equal(https(facts("/usr/bin/apt-get")).name, "apt");
  assert.equal(https(facts("/usr/libexec/packagekitd")).name, "packagekitd");
  const upgrade = facts(PYTHON, "python3 /usr/bin/unattended-upgrade");
  assert.equal(https(upgrade).key, "script:/usr/bin/unattended-upgrade");
  const cases: [string, string][] = [
    ["/usr/lib/git-core/git-remote-https", "path:/usr/bin/git"],
    ["/usr/local/libexec/git-core/git-remote-http", "path:/usr/local/bin/git"],
    ["/usr/lib/openssh/sshd-session", "path:/usr/sbin/sshd"],
    ["/usr/lib/postfix/sbin/smtp", "path:/usr/sbin/postfix"],
    ["/usr/lib/dovecot/imap-login", "path:/usr/sbin/dovecot"],
    ["/usr/lib/cups/backend/ipp", "path:/usr/sbin/cupsd"],
  ];
  for (const [path, key] of cases) assert.equal(applicationOf(facts(path)).key, key);
  const ssh = facts("/usr/bin/ssh", "ssh git@x", { parents: [facts("/usr/bin/git")] });
  assert.equal(applicationOf(ssh).key, "path:/usr/bin/ssh");
});

test("applicationOf() rolls content processes up to their browser", () => {
  const shell = facts("/usr/bin/bash", "bash");
  const chrome = facts("/opt/google/chrome/chrome", "chrome");
  const zygote = facts("/opt/google/chrome/chrome", "chrome --type=zygote");
  const renderer = { parents: [zygote, chrome, shell] };
  const joined = ["/opt/google/chrome/lib/helper --type=utility --lang=en"];
  const key = (program: ProgramFacts) => applicationOf(program).key;
  assert.equal(
    key({ ...facts("/opt/google/chrome/lib/helper", "", renderer), arguments: joined }),
    "path:/opt/google/chrome/chrome",
  );
  const firefox = facts("/usr/lib/firefox/firefox");
  const content = "x -contentproc -childID 1";
  assert.equal(
    key(facts("/usr/lib/firefox/plugin-container", content, { parents: [firefox] })),
    "path:/usr/lib/firefox/firefox",
  );
  assert.equal(
    key(facts("/usr/bin/tool", "tool --type=x", { parents: [facts("/usr/bin/make")] })),
    "path:/usr/bin/tool",
  );
  const web = "/usr/lib/x86_64-linux-gnu/webkitgtk-4.0/WebKitNetworkProcess";
  const epiphany = facts("/usr/bin/epiphany");
  const parents = [facts("/usr/bin/bwrap"), epiphany];
  assert.equal(key(facts(web, "", { parents })), "path:/usr/bin/epiphany");
  assert.equal(key(facts(web)), `path:${web}`);
});

test("applicationOf() reads parents only where a rule needs them", () => {
  const program = (path: string, line: string): ProgramFacts => ({
    ...facts(path, line),
    get parents(): readonly ProgramFacts[] {
      throw new Error("parents were read");
    },
  });
  applicationOf(program("/usr/bin/curl", "curl x"));
  applicationOf(program(PYTHON, "python3 x.py"));
  assert.throws(() => applicationOf(program("/usr/bin/x", "x --type=y")), /parents were read/);
});

test("applicationOf() prints hostile names safely and briefly", () => {
  const found = applicationOf(facts(PYTHON, `python3 /x/\x1b[2J\u202e${"y".repeat(900)}`));
  assert.match(found.name, /^\\x1b\[2J\\u\{202e\}y+…$/);
  assert.ok([...found.name].length <= 256);
  assert.equal(applicationOf(facts("/x/", "")).name, "unknown");
});
