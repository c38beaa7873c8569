/** The head of a class's card: its name, which can be changed, how many pictures it has, and what removes it. */
import { count } from "../language.ts";
import { tell } from "./messages.ts";

interface ClassHeadOptions {
  readonly name: string;
  /** Pictures of the class. */
  readonly pictures: number;
  /** Takes another name, and returns what the class is called then: an empty name, or one that there is, is not taken. */
  readonly onRename: (name: string) => string;
  /** Undefined where the class has to stay. */
  readonly onRemove: (() => void) | undefined;
}

export function ClassHead({ name, pictures, onRename, onRemove }: ClassHeadOptions) {
  const text = tell();
  return (
    <div class="class-head">
      <input
        type="text"
        class="class-name"
        aria-label={text.className}
        value={name}
        maxLength={60}
        onChange={(event) => {
          event.currentTarget.value = onRename(event.currentTarget.value);
        }}
      />
      <span class="note">{text.classCount(pictures, count(pictures))}</span>
      {onRemove && (
        <button type="button" class="quiet" aria-label={text.removeClassLabel(name)} onClick={onRemove}>
          {text.removeClass}
        </button>
      )}
    </div>
  );
}
