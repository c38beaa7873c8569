/** “Your pictures” in an installed Firefox: `npm test -- --project "firefox*" test/firefox/pictures.test.ts`. */
import { launchFirefox } from "../support/firefox.ts";
import { describePicturesWalk } from "../support/pictures_walk.ts";

describePicturesWalk({ name: "Firefox", launch: launchFirefox, query: "?force=webgpu" });
