import { outageJourneys } from "../journeys/outages.ts";

outageJourneys(180_000);
