/** The worker in which pictures are decoded: the library's. */
import "../../src/data/pictures/host.ts";
