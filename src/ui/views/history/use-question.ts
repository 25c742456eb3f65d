/** The question lives in the page's address: back works, and a link is the whole of it. */

import { useEffect, useMemo } from "react";
import { navigate, replaceAddress, useAddress } from "../../router/router.tsx";
import { useStore } from "../../store/create-store.ts";
import { type Units, units } from "../../store/settings.ts";
import { type Question, questionPath, readQuestion } from "./question.ts";

export type CompleteQuestion = Question & { readonly units: Units };

/** Asking anew is a step that the browser's "back" undoes; other looks at the same rows are none. */
export function useQuestion(): readonly [CompleteQuestion, (next: Question) => void] {
  const address = useAddress();
  const preferred = useStore(units);
  const question = useMemo(
    () => readQuestion(new URL(address, location.origin).searchParams),
    [address],
  );
  // Whoever follows a link sees what its maker saw.
  useEffect(() => {
    if (question.units !== undefined) units.set(question.units);
  }, [question]);
  useEffect(
    () => units.subscribe(() => replaceAddress(questionPath({ ...here(), units: units.get() }))),
    [],
  );
  const complete = { ...question, units: question.units ?? preferred };
  const path = questionPath(complete);
  useEffect(() => {
    if (path !== address) replaceAddress(path);
  }, [path, address]);
  return [complete, (next) => go(here(), next)];
}

function here(): Question {
  return readQuestion(new URLSearchParams(location.search));
}

function go(now: Question, next: Question): void {
  const looks = ({ find, order, isReversed, isCompared, top }: Question) => ({
    find,
    order,
    isReversed,
    isCompared,
    top,
  });
  const isSame = questionPath({ ...now, ...looks(next), units: next.units }) === questionPath(next);
  if (isSame) replaceAddress(questionPath(next));
  else navigate(questionPath(next), { keepPlace: true });
}
