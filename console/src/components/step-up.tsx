import { lazy, Suspense, useEffect, useState } from "react";

import { answerStepUps } from "@/api/step-up";

// Seldom needed, so no page has to load it.
const StepUpDialog = lazy(() => import("./step-up-dialog"));

/** Asks who one is whenever a call needs to know; the call then goes on by itself. */
export function StepUp() {
  const [answer, setAnswer] = useState<((shown: boolean) => void) | null>(null);
  useEffect(() => answerStepUps(() => new Promise((resolve) => setAnswer(() => resolve))), []);
  if (answer === null) return null;
  return (
    <Suspense>
      <StepUpDialog
        onDone={(shown) => {
          setAnswer(null);
          answer(shown);
        }}
      />
    </Suspense>
  );
}
