/** Answers questions one by one that are asked together: those of one turn of the event loop share a look. */
export type Ask<Question, Answer> = (question: Question) => Promise<Answer>;

/**
 * Makes an {@link Ask} of a function that answers many questions at once, in their order. Nothing is kept from one turn to the next, so
 * nothing is answered as it was before.
 */
export function makeGatherer<Question, Answer>(
  look: (questions: readonly Question[]) => Promise<readonly Answer[]>,
): Ask<Question, Answer> {
  let open: { readonly questions: Question[]; readonly answers: Promise<readonly Answer[]> } | null = null;

  function gather(): NonNullable<typeof open> {
    const questions: Question[] = [];
    const answers = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      open = null;
      return look(questions);
    });
    return { questions, answers };
  }

  return async (question) => {
    open ??= gather();
    const { questions, answers } = open;
    const place = questions.push(question) - 1;
    const answer = (await answers)[place];
    if (answer === undefined) throw new Error('a question that was gathered with others has no answer');
    return answer;
  };
}
