/** “Your pictures” in WebKitGTK, where it trains without a GPU: `npm test -- --project webkit test/webkit/pictures.test.ts`. */
import { describePicturesWalk } from "../support/pictures_walk.ts";
import { launchWebKit } from "../support/webkit.ts";

describePicturesWalk({ name: "WebKitGTK", launch: launchWebKit });
