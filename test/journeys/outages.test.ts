import { outageJourneys } from "./outages.ts";

outageJourneys(10_000);
