/** What is dropped on the page or pasted goes where it belongs: pictures onto the pad, networks and drawings to their panels. */
import type { View } from "./address.ts";
import { isOwnFileName, onDroppedFiles } from "./files.ts";
import type { KeepPanel } from "./keep_panel.ts";
import type { PicturesView } from "./pictures/view.tsx";
import { isChangesJson } from "./train/changes.ts";
import type { TrainView } from "./train/train_view.ts";

/** Files of networks, by their names; what they are, their bytes say. TensorFlow.js has its weights in .bin, beside a .json. */
const NETWORK = /\.(safetensors|onnx|keras|h5|hdf5|bin)$/i;

export interface DroppedOptions {
  goTo(view: View): void;
  keeping: KeepPanel;
  train: TrainView;
  pictures: { load(): Promise<PicturesView> };
  /** Onto the pad. */
  showPicture(file: File): Promise<void>;
  openDrawings(file: File): Promise<void>;
}

export function onDropped({ goTo, keeping, train, pictures, showPicture, openDrawings }: DroppedOptions): void {
  /** Changes of the data set, or drawings. */
  async function openJson(file: File): Promise<void> {
    const ofData = isChangesJson(await file.text());
    goTo(ofData ? "train" : "draw");
    await (ofData ? train.openChanges(file) : openDrawings(file));
  }

  onDroppedFiles((files) => {
    const [file] = files;
    if (file.type.startsWith("image/")) void showPicture(file);
    else if (file.name.endsWith(".zip")) {
      goTo("pictures");
      void pictures
        .load()
        .then((view) => view.open(files))
        .catch(() => undefined);
    } else if (files.some(({ name }) => NETWORK.test(name))) void keeping.open(files);
    else if (file.name.endsWith(".json")) void openJson(file);
    else if (files.every(({ name }) => isOwnFileName(name))) {
      goTo("train");
      void train.openPictures(files);
    } else keeping.refuse(file);
  });
}
