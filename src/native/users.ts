/** Users of this machine. Only local ones: directories are not asked, as they may not answer. */

import { readFileSync } from "node:fs";

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** undefined: there is none of this name. */
export function findUser(name: string, users = readUsers()): User | undefined {
  return listUsers(users).find((user) => user.name === name);
}

/** undefined: there is none with this number. */
export function findUserById(uid: number, users = readUsers()): User | undefined {
  return listUsers(users).find((user) => user.uid === uid);
}

/** passwd(5) */
function listUsers(text: string): User[] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([name = "", , uid = "", gid = ""]) => name !== "" && /^\d+ \d+$/.test(`${uid} ${gid}`))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

function readUsers(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}
