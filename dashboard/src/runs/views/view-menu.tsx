import { Bookmark, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useQuery } from 'urql';
import { graphql, type ResultOf } from '../../api/graphql.ts';
import { toProblem } from '../../api/problem.ts';
import { useAction } from '../../api/use-action.ts';
import { useCan } from '../../app/viewer.tsx';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Menu, type MenuItem } from '../../ui/menu.tsx';
import { useToast } from '../../ui/toast.tsx';
import { SaveViewDialog, SaveViewMutation, SCREEN } from './save-view-dialog.tsx';

const ViewsQuery = graphql(`
  query SavedViews($screen: String!) {
    savedViews(screen: $screen) {
      id
      name
      query
      createdBy
    }
  }
`);

const DeleteViewMutation = graphql(`
  mutation DeleteSavedView($id: ID!) {
    deleteSavedView(id: $id) {
      id
    }
  }
`);

type View = ResultOf<typeof ViewsQuery>['savedViews'][number];

interface ViewMenuProps {
  /** The filter in use. */
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** Filters with a name, which everybody in the project has; they are loaded when somebody looks for them. */
export function ViewMenu({ text, onChange }: ViewMenuProps) {
  const [isOpen, setOpen] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const [leaving, setLeaving] = useState<View | null>(null);
  const mayWrite = useCan('RUNS_WRITE');
  const [{ data, error }, reload] = useQuery({ query: ViewsQuery, variables: { screen: SCREEN }, pause: !isOpen });
  const refresh = () => reload({ requestPolicy: 'network-only' });
  const remove = useAction(DeleteViewMutation);
  const save = useAction(SaveViewMutation);
  const toast = useToast();

  const views = data?.savedViews ?? [];
  const current = views.find(({ query }) => filterOf(query) === text);
  const items: MenuItem[] = [
    ...views.map((view) => ({ label: view.name, icon: Bookmark, onSelect: () => onChange(filterOf(view.query)) })),
    ...(views.length > 0
      ? []
      : [{ label: emptyWords(data, error && toProblem(error).text), disabled: true, onSelect: () => {} }]),
    ...(mayWrite ? [{ label: 'Save this filter …', icon: Plus, disabled: text === '', onSelect: () => setSaving(true) }] : []),
    ...(mayWrite && current
      ? [{ label: `Delete “${current.name}” …`, icon: Trash2, danger: true, onSelect: () => setLeaving(current) }]
      : []),
  ];

  return (
    <>
      <Menu
        onOpen={() => setOpen(true)}
        trigger={
          <Button icon={Bookmark} className="h-9">
            Views
          </Button>
        }
        items={items}
      />
      <SaveViewDialog open={isSaving} text={text} onClose={() => setSaving(false)} onSaved={refresh} />
      <ConfirmDialog
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        title={`Delete the view “${leaving?.name ?? ''}”`}
        confirm="Delete"
        danger
        onConfirm={async () => {
          if (!leaving) return;
          const { name, query, id } = leaving;
          await remove.run({ id });
          refresh();
          const undo = async () => {
            await save.run({ input: { screen: SCREEN, name, query } });
            refresh();
          };
          toast({ text: `The view “${name}” is deleted.`, undo: { label: 'Undo', run: undo } });
        }}
      >
        <p>It goes for everybody in the project. The runs it shows stay as they are.</p>
      </ConfirmDialog>
    </>
  );
}

function emptyWords(data: object | undefined, problem: string | undefined): string {
  if (problem !== undefined) return problem;
  return data ? 'No views yet: filter the runs, and save the filter' : 'Loading …';
}

/** The filter that a kept search part holds. */
function filterOf(query: string): string {
  return new URLSearchParams(query).get('q') ?? '';
}
