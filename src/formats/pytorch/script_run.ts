/** Python of a script's commands. */

/** The loop of training, over one process or several. */
export const RUN = `
class Run:
    """One process of a training."""

    def __init__(self, options):
        self.options = options
        self.rank, self.world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        self.device = torch.device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if self.device.type == "cuda" and self.device.index is None:
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(self.device)
        if "RANK" in os.environ:
            torch.distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        self.network = Network()
        if self.rank == 0 and options.weights:
            load_weights(self.network, options.weights)
        elif self.rank == 0 and not (options.checkpoint and os.path.exists(options.checkpoint)):
            raise SystemExit("--weights FILE is wanted: saveModel(model) of the page writes it, trained or not")
        self.network.to(self.device)
        self.optimizer = Optimizer(self.network)
        self.finished, self.history = 0, []
        self.resume()
        self.trained = self.network
        if "RANK" in os.environ:
            ids = [self.device.index] if self.device.type == "cuda" else None
            self.trained = nn.parallel.DistributedDataParallel(self.network, device_ids=ids, broadcast_buffers=False)
            for buffer in self.network.buffers():
                torch.distributed.broadcast(buffer, 0)
        self.mixing = Mixing() if MIXUP > 0 or CUT_MIX > 0 else None

    def say(self, text):
        if self.rank == 0:
            print(text, flush=True)

    def resume(self):
        """Goes on from the checkpoint, where there is one; process 0 reads it."""
        state = [None]
        path = self.options.checkpoint
        if self.rank == 0 and path and os.path.exists(path):
            state = [torch.load(path, map_location="cpu")]
        if "RANK" in os.environ:
            torch.distributed.broadcast_object_list(state, 0)
        if state[0] is None:
            return
        if state[0]["config"] != CONFIG or state[0]["rule"] != repr(RULE):
            raise SystemExit(f"{path}: the checkpoint is of another network or optimizer")
        self.network.load_state_dict(state[0]["network"])
        for name, slots in state[0]["slots"].items():
            for slot, value in slots.items():
                self.optimizer.slots[name][slot].copy_(value)
        self.finished, self.history = state[0]["finished"], state[0]["history"]
        self.say(f"goes on after step {self.finished}")

    def save(self):
        if self.rank != 0:
            return
        if self.options.checkpoint:
            state = {"config": CONFIG, "rule": repr(RULE), "network": self.network.state_dict()}
            state.update(slots=self.optimizer.slots, finished=self.finished, history=self.history)
            torch.save(state, self.options.checkpoint + ".part")
            os.replace(self.options.checkpoint + ".part", self.options.checkpoint)
        if self.options.output:
            save_weights(self.network, self.options.output)
        if self.options.history:
            with open(self.options.history, "w") as file:
                json.dump(self.history, file)

    def share_of(self, count):
        """Which rows of a batch are this process': neighbours, so many each."""
        each = -(-count // self.world)
        return min(self.rank * each, count), min((self.rank + 1) * each, count)

    def batch_at(self, data, cursor):
        """Rows of a batch, counted through all epochs, in the order of the page."""
        batches = -(-data.count // self.options.batch_size)
        first = cursor % batches * self.options.batch_size
        places = numpy.arange(first, min(first + self.options.batch_size, data.count))
        return permuted(random_key(SEED, cursor // batches), places, data.count) if SHUFFLE else places

    def loss_of(self, outputs, targets, weights):
        """The sum over rows of all weighted losses."""
        total = 0.0
        for y, t, loss, weight in zip(outputs, targets, LOSSES, LOSS_WEIGHTS):
            rows = row_losses(loss, y, t)
            if CLASS_WEIGHTS is not None:
                rows = rows * rows.new_tensor(CLASS_WEIGHTS)[classes_of_rows(loss, y, t)]
            if weights is not None:
                rows = rows * weights.to(rows)
            total = total + weight * rows.sum()
        return total

    def step(self, data):
        """One step; gives the loss of the batch, summed up over processes later."""
        rows = self.batch_at(data, self.finished)
        begin, end = self.share_of(len(rows))
        own = rows[begin:end]
        to = lambda tensors: [tensor.to(self.device) for tensor in tensors]
        mixed = None
        if self.mixing is None:
            inputs = data.inputs_of(own)
            if AUGMENT is not None:
                inputs = [augmented(inputs[0], self.finished, begin, data.of_bytes)]
        else:
            whole = data.inputs_of(rows)[0]
            if AUGMENT is not None:
                whole = augmented(whole, self.finished, 0, data.of_bytes)
            whole, share, partner = self.mixing(whole, self.finished)
            inputs, mixed = [whole[begin:end]], (share[begin:end].to(self.device), rows[partner[begin:end].numpy()])
        draws = Draws(SEED, self.finished, begin)
        outputs = self.trained(*to(inputs), draws=draws, folded=True)
        targets, weights = to(data.targets_of(own)), data.weights_of(own)
        if mixed is None:
            total = self.loss_of(outputs, targets, weights)
        else:
            share, partners = mixed
            others = data.weights_of(partners)
            total = self.loss_of(outputs, targets, share if weights is None else share * weights.to(share))
            rest = 1 - share if others is None else (1 - share) * others.to(share)
            total = total + self.loss_of(outputs, to(data.targets_of(partners)), rest)
        self.network.zero_grad(set_to_none=False)
        # DistributedDataParallel takes the mean over the processes: of shares of a sum, times their number.
        extra = penalty(self.network)
        loss = total * (self.world / len(rows)) + extra
        loss.backward()
        self.optimizer.step(self.finished)
        self.finished += 1
        return torch.as_tensor(total / len(rows) + extra / self.world, device=self.device).detach().reshape(())

    def gathered(self, losses):
        if not losses:
            return
        values = torch.stack(losses).double()
        if "RANK" in os.environ:
            torch.distributed.all_reduce(values)
        values = values.tolist()
        losses.clear()
        self.history.extend(values)
        if not all(map(math.isfinite, values)):
            raise SystemExit("the loss is no finite number any more: take a smaller learning rate, or clipNorm")

    @torch.no_grad()
    def evaluate(self, data):
        """Loss and accuracy; process 0 alone does it."""
        self.network.eval()
        total, right, counted = 0.0, 0.0, False
        for first in range(0, data.count, self.options.batch_size):
            rows = numpy.arange(first, min(first + self.options.batch_size, data.count))
            outputs = self.network(*[tensor.to(self.device) for tensor in data.inputs_of(rows)], folded=True)
            targets = [tensor.to(self.device) for tensor in data.targets_of(rows)]
            for y, t, loss, weight in zip(outputs, targets, LOSSES, LOSS_WEIGHTS):
                total += float(weight * row_losses(loss, y, t).sum())
            hits = rows_right(LOSSES[0], outputs[0], targets[0])
            if hits is not None:
                right, counted = right + float(hits.sum()), True
        self.network.train()
        loss = total / data.count + float(penalty(self.network))
        return f"loss {loss:.6g}" + (f", accuracy {right / data.count:.4%}" if counted else "")

    def train(self, data, validation):
        options = self.options
        batches = -(-data.count // options.batch_size)
        last = options.steps if options.steps is not None else options.epochs * batches
        self.network.train()
        losses = []
        while self.finished < last:
            losses.append(self.step(data))
            ends = self.finished % batches == 0
            if ends or len(losses) >= options.log_every or self.finished == last:
                self.gathered(losses)
            if self.finished % options.log_every == 0 or self.finished == last:
                self.say(f"step {self.finished} of {last}: loss {self.history[-1]:.6g}")
            if ends:
                mean = sum(self.history[-batches:]) / len(self.history[-batches:])
                self.say(f"epoch {self.finished // batches}: mean loss {mean:.6g}")
                if validation is not None and self.rank == 0:
                    self.say(f"validation: {self.evaluate(validation)}")
            if ends or self.finished == last or self.finished % options.checkpoint_every == 0:
                self.gathered(losses)
                self.save()
        self.save()
`;

/** `main` of a script that trains. */
export const MAIN_OF_TRAINING = `
def main():
    options = arguments()
    data = data_of(options.images, options.labels, options.folder, options.fit, options.sample_weights)
    if options.predict:
        predict(options, data)
        return
    if data is None:
        raise SystemExit("give --images and --labels, or --folder; --help tells all")
    if not options.folder and len(data.targets) != len(LOSSES):
        raise SystemExit(f"--labels: the network has {len(LOSSES)} outputs, got {len(data.targets)} files")
    validation = data_of(options.validation_images, options.validation_labels, options.validation_folder, options.fit)
    run = Run(options)
    try:
        run.train(data, validation)
    finally:
        if "RANK" in os.environ:
            torch.distributed.destroy_process_group()
`;

/** The arguments that only training has. */
export const TRAINING_ARGUMENTS = `
    add("--labels", nargs="+", metavar="FILE", help="class numbers or target values, one file an output; as --images")
    add("--sample-weights", metavar="FILE", help="what the loss of each row is multiplied by")
    add("--validation-images", nargs="+", metavar="FILE")
    add("--validation-labels", nargs="+", metavar="FILE")
    add("--validation-folder", metavar="FOLDER")
    add("--epochs", type=int, default=EPOCHS)
    add("--steps", type=int, help="all steps, in place of --epochs")
    add("--batch-size", type=int, default=BATCH_SIZE, help="of all processes together")
    add("--output", metavar="FILE", help="trained weights, for loadModel() of the page; written at each epoch's end")
    add("--checkpoint", metavar="FILE", help="the state of the training; where it exists, training goes on from it")
    add("--checkpoint-every", type=int, default=1000, metavar="STEPS")
    add("--log-every", type=int, default=50, metavar="STEPS")
    add("--history", metavar="FILE", help="the loss of each step, as JSON")`;

/** Prediction and arguments of every script; %TRAINING% is where those of training go. */
export const ARGUMENTS = `
def predict(options, data):
    """Writes the outputs for all images: one .npy an output, numbered from the second on."""
    if data is None or not options.weights:
        raise SystemExit("--predict wants --weights, and --images or --folder")
    network = Network()
    load_weights(network, options.weights)
    network.eval()
    results = []
    with torch.no_grad():
        for first in range(0, data.count, 256):
            rows = numpy.arange(first, min(first + 256, data.count))
            results.append([y.numpy() for y in network(*data.inputs_of(rows))])
    for place, parts in enumerate(zip(*results)):
        ending = "" if place == 0 else f".{place}"
        numpy.save(options.predict.removesuffix(".npy") + ending + ".npy", numpy.concatenate(parts))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--weights", metavar="FILE", help="safetensors file that saveModel() wrote")
    add("--images", nargs="+", metavar="FILE", help=".npy, .npz:KEY or IDX (.gz), one file an input; bytes become 0 ... 1")
    add("--folder", metavar="FOLDER", help="pictures in a folder a class, in place of --images and --labels")
    add("--fit", choices=["cover", "contain", "stretch"], default="cover", help="how pictures get the network's size")
    add("--predict", metavar="FILE.npy", help="write the outputs for the images, and end")
    add("--device", help="default: cuda where there is one, else cpu")%TRAINING%
    return parser.parse_args()
`;
