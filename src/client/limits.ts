/** Limits and quotas over HTTP. */

import type { Limits } from "../model/limit.ts";
import type { Ask } from "./client.ts";

type AskFunction = <T>(path: string, options?: Ask) => Promise<T>;

export function limitsClient(ask: AskFunction): Limits {
  const at = (id: string) => `limits/${encodeURIComponent(id)}`;
  const quotaAt = (id: string) => `quotas/${encodeURIComponent(id)}`;
  return {
    limits: () => ask("limits"),
    addLimit: (wish, { via } = {}) => ask("limits", { method: "POST", body: { ...wish, via } }),
    setLimit: (id, change, { via } = {}) =>
      ask(at(id), { method: "PATCH", body: { ...change, via } }),
    async removeLimit(id) {
      await ask(at(id), { method: "DELETE" });
    },
    async clearLimits() {
      const { count } = await ask<{ count: number }>("limits", { method: "DELETE" });
      return count;
    },
    previewLimit: (change, id, { via } = {}) =>
      ask("limits/preview", { method: "POST", body: { ...change, id, via } }),
    async confirmLimit(id) {
      await ask(`${at(id)}/confirm`, { method: "POST" });
    },
    addQuota: (wish) => ask("quotas", { method: "POST", body: wish }),
    setQuota: (id, change) => ask(quotaAt(id), { method: "PATCH", body: change }),
    previewQuota: (change, id) =>
      ask("quotas/preview", { method: "POST", body: { ...change, id } }),
    async removeQuota(id) {
      await ask(quotaAt(id), { method: "DELETE" });
    },
  };
}
