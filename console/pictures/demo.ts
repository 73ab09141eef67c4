import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The built binary on a data directory as `make demo` fills it. */
export class Demo {
  private constructor(
    private readonly child: ChildProcess,
    private readonly data: string,
    readonly origin: string,
    readonly email: string,
    readonly password: string,
  ) {}

  static async start(): Promise<Demo> {
    const binary = process.env["ANC_BINARY"];
    if (!binary) throw new Error("ANC_BINARY must name the built anc-relay");
    const data = join(mkdtempSync(join(tmpdir(), "anc-pictures-")), "data");
    execFileSync(binary, ["demo", "--data", data], { stdio: ["ignore", "ignore", "inherit"] });
    const signIn = readFileSync(join(data, "demo.txt"), "utf8");
    const [, email, password] = /Sign in as (\S+?),.* password (\S+)/.exec(signIn) ?? [];
    if (!email || !password) throw new Error("demo.txt tells nobody to sign in as");
    const child = spawn(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ANC_LOG_LEVEL: "warn" },
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const prefix = "listening on ";
    const line = await lines.next();
    if (line.done || !line.value.startsWith(prefix)) throw new Error("it does not listen");
    return new Demo(child, data, line.value.slice(prefix.length), email, password);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await ended;
    rmSync(join(this.data, ".."), { recursive: true, force: true });
  }
}
