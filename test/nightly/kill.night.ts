import { killRounds } from "../journeys/kill-rounds.ts";
import { killUnderLoad } from "../journeys/kill-under-load.ts";

killRounds(100);
killUnderLoad(100);
