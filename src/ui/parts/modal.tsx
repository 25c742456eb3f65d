/** A dialog over the view: Escape closes it, and the focus goes back where it was. */

import { type FormEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { LimitConfirm } from "./limit-confirm.tsx";

export interface ModalProps {
  readonly title: string;
  readonly onClose: () => void;
  /** The whole dialog is a form. */
  readonly onSubmit?: (event: FormEvent) => void;
  /** Escape does nothing: something is under way that has its own way to stop. */
  readonly isHeld?: boolean;
  /** A click beside it closes it too. Not for forms: what was typed would be gone. */
  readonly closesBeside?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Modal(props: ModalProps) {
  const { title, onClose, onSubmit, isHeld = false, closesBeside = false, className } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const content = (
    <>
      <h2 id={id}>{title}</h2>
      {props.children}
    </>
  );
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-labelledby={id}
      onClose={onClose}
      onCancel={(event) => isHeld && event.preventDefault()}
      onPointerDown={({ target }) =>
        closesBeside && target === dialog.current && dialog.current?.close()
      }
    >
      {/* What lies behind a dialog cannot be reached, and this question does not wait. */}
      <LimitConfirm />
      {onSubmit === undefined ? (
        <div className="dialog">{content}</div>
      ) : (
        <form className="dialog" onSubmit={onSubmit} noValidate>
          {content}
        </form>
      )}
    </dialog>
  );
}
