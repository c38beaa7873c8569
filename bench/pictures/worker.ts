import "../../src/data/pictures/host.ts";
