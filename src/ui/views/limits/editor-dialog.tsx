/** The dialog that editors are in: modal, closed by Escape, the focus back where it was. */

import { type FormEvent, type ReactNode, useEffect, useRef } from "react";
import { editing } from "../../store/limits.ts";

export interface EditorDialogProps {
  readonly title: string;
  readonly onSubmit: (event: FormEvent) => void;
  readonly children: ReactNode;
}

export function EditorDialog({ title, onSubmit, children }: EditorDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="limit-form"
      aria-labelledby="editor-title"
      onClose={() => editing.set(undefined)}
    >
      <form className="dialog" onSubmit={onSubmit} noValidate>
        <h2 id="editor-title">{title}</h2>
        {children}
      </form>
    </dialog>
  );
}
