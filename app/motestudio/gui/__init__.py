"""The window: the only room with Qt. Everything it does, a `studio` verb does; here is only showing and asking.

For authors of pages
====================

**A page** is a package ``gui/pages/<key>/`` with ``PAGE = YourPage``, a subclass of `gui.page.Page`. It sets `key`,
`title`, `help` (the text behind F1) and builds its widgets in `build()`, which runs once, when the page is first
shown. Put widgets into `self.body` (a QVBoxLayout with 24 px side margins); set `self.inspector` to a
`widgets.Column` for the 280 px at the right. `activated()` refreshes, `deactivated()` stops timers, `commands()`
returns `Command`s: they are in the palette and in F1, and their shortcuts work while the page is shown (single keys
such as ``Space`` never reach them while a text field has the focus). Pages never import pages: `context.goto("train")`.

**`self.context`** (`gui.context.AppContext`) is all a page knows of the rest::

    context.project            project.store.Project or None; .recordings, .config, .save(), .undo, .cache
    context.session            studio.device_session.DeviceSession or None
    context.studio             studio.home.Studio: .registry, .boards, .runner
    context.settings           .get(key, default), .set(key, value): per user; .projects_folder, .plugin_dirs from it
    context.run_operation(title, fn, on_done, on_error, on_event, quiet=False) -> RunningOperation
    context.connect_device(port="", baud=None, lines="auto", then=None); context.disconnect_device()
    context.open_project(folder, then=None); context.create_project(folder, template, name, then=None)
    context.show_error(error); context.show_message(text, hint="", tone="info", action="", act=None)
    context.set_stage("train", "running")     rail dot: none | running | fresh | stale | failed
    context.goto(page); context.show_running_job(); context.undo(); context.redo()
    context.run_id, context.choose_run(id): the run that Train, Analyse and Deploy look at, empty for the newest
    context.edits.submit(title, make, on_done)    changes that push undo steps, one after the other and in turn with
        undo; ``make()`` returns the ``fn(operation)`` when its turn comes, or None
    context.look_for_plugins(); context.trust_project(on)     both end with plugins_changed and pipeline_changed
    signals: project_changed recordings_changed pipeline_changed plugins_changed runs_changed run_chosen
             device_changed stages_changed
             about_to_step: undo comes next, hand over edits that you hold back
             device_event(object): what the recorder tells, such as Health or TakeSaved, in the window's thread

A page that changes something emits the matching signal itself (``context.recordings_changed.emit()``).

**Nothing blocks.** Everything that reads files, waits for a board or computes runs through `run_operation`:
``fn(operation)`` is called in a thread with the verb's own `studio.operation.Operation`; progress, cancel, log and the
error banner come by themselves. `on_done(result)`, `on_error(error)` and `on_event(happening)` are called in the
window's thread. Without `on_error` an `AppError` is shown in the banner with its hint, anything else with a
traceback to copy.
`quiet=True` keeps reads that only fill the page out of the job strip. Connect signals to methods of QObjects, not to
lambdas that outlive the page.

**`gui.board_stream.BoardStream(context, page)`** keeps a connected board streaming while a page draws it:
`set_wanted(on)`, `readers` (live tails), `reader` and `group` of the lead, `health`, `connected`;
signals reader_changed, lost, health_changed.

**Theme** (`gui.theme`): `theme().color("text_muted")`, `.series(1..8)`, `.class_colors(classes)`, `.tint(ink, kind)`,
`.veil(ink, kind)`, `.mix(a, b, share)`, `.font(style)`, `.size(role)`, `.radius(role)`, `.icon("ph.record", ink)`,
`.changed`. An *ink* is a role, ``"series:3"``, ``"#rrggbb"`` or a QColor; pass inks, never keep colours:
they switch live.
`theme.class_series(classes)` gives each class its series number, the same on every page.

**Widgets** (`from motestudio.gui.widgets import ...`)::

    Text(text, style="body", ink="text", wrap=False)      ElidedText(text, style, ink, align).set_text
    FittingText(*wordings, style=, ink=).set_texts: the fullest wording that fits
    Number(number, unit, style, align).set(number, unit, exact, ink)      format with gui.numbers first
    Button(text, kind, icon, key)  kinds primary|secondary|outline|link|quiet      IconButton(icon, name)
    RecordButton(text, key).set_text .set_running(running, detail) .set_field_mode(on)
    Segmented(choices, current, name).changed(int) .set_blocked({i: why})   Toggle(name, on).toggled
    Choice(choices, name)   Chip(text, ink, on)
    TextField(text, name, placeholder).set_problem   NoteField
    NumberField(value, minimum=, maximum=, step=, decimals=, unit=, name=).value_changed(float)
    SliderField(title, value, minimum=, maximum=, ...).value_changed
    labelled(title, field, beside=False)
    Tag(text, tone)   StatusDot(state)   KeyCap   KeyHints(hints): the 36 px bar under a page   Swatch(ink)
    IconMark(name, ink, size)   VerdictMark(tone)   Separator(vertical=, margin=)
    Bar(ink, height).set(share)   BudgetBar.set(parts, limit) with part_ink(i) for its legend
    PartsGroup(title).set_budget(Budget): both with title and total
    Figure(name).set(number, unit, limit, share, foot)   Sparkline(ink).set_values(values)
    LevelMeter(name, ink, unit).set_level(rms, peak, text, clips=, dead=)
    ClassRow(name, ink, key).set_count(n, target)   ScoreRow(name, ink, key).set_score   FactRow(title, note, value,
        unit, mark)   RowList.set_rows(rows) .set_current(i) .chosen(int)   Row: subclass with paint_content
    StageCard(CardFacts).set_facts   FlowArrow(count, shape, size).set(..., stale=, words=) .set_branches(from, to)
    PageBar(title).set_facts(name, facts) .add_action(widget)   SectionHeader(title, note, action, strong=)
    Column(surface).add(widget) .add_layout .separate() .end()   KeyValue(name, number, unit).value   scrolled(widget)
    EmptyState(icon, title, sentence, action, key, virtual=).action .virtual   Banner (the window has one already)
    Painted / PaintedButton with Canvas: for a widget of your own; override paint(canvas)

Every widget is reachable by keyboard, has an accessible name and a focus ring. Text that does not fit is noted in
`overflow`, and `tests/gui` fails on it.

**Forms** (`gui.forms`): ``ParamForm(params, values, saved, runs)``: a stage's (or any) table of `domain.params.Param`
as fields with slider, unit, help, reset, a dot where a value differs from `saved`, and what is wrong with it in its
place; ``.changed(str, object)``, ``.set_values``, ``.set_saved``, ``.set_problem(key, text)``, ``.differences()``,
``.set_refusals({key: text})``: what the stage itself says against values that its table allows.
A page that follows another page's run connects ``context.bridge.happened(RunningOperation, Happening)``.

**Plots** (`from motestudio.gui.plots.<module> import ...`; times are seconds of the recording)::

    signal_plot  SignalPlot(title, unit, [PlotChannel(name, ink, decimals)], show_time=, axis_width=, note=)
                 .set_data(physical (n, c), rate, first_sample) .set_view(a, b) .set_y_range .set_regions([Region])
                 .set_marks([(t, ink)]) .set_cursor(t) .set_values(values); view_changed pressed hovered
    live_plot    LiveSignalPlot([reader, ...], axes=None, axis_width=, show_time=): groups of a board, the lead first;
                 .set_window(s) .set_layout(by_channel=, spectrograms=) .set_regions .set_growing(since) .set_paused
                 .go(s) .step(tenths) .to_oldest() .to_live() .zoom(steps) .toggle_cursors() .toggle_locks()
                 .view (a TimeView: live, seconds, behind(newest)) .view_range .rows .x_of(s);
                 ticked: drawn, at most 60 a second; view_changed: by the user's hand
    live_mark    LiveMark().set_plot(plot): "Live" or "12.4 s ago"; a click goes to the newest
    view_commands  view_commands("record.view", plot): the keys of a live plot; plot() is the one shown, or None
    level_stats  LevelStats(reader, channels).update(past_s): .rms .peaks .clips .still, for meters
    tracks       Track(name, kind, axis_width, editable=).set_blocks([Block]) .set_view .set_current;
                 chosen changed created
    overview     OverviewStrip(axis_width).set_data .set_segments .set_viewport; viewport_changed
    heat_map     HeatMap(title, ink).set_data((columns, rows), low, high) .set_axes .set_column; HeatScale(low, high)
    score_plot   ScorePlot(name, ink, threshold).set_view .set_scores .set_board .set_detections .set_effect;
                 threshold_moved threshold_changed
    confusion    ConfusionMatrix.set_matrix(classes, counts, inks); chosen(truth, said)
    arena_map    ArenaMap.set_plan(MemoryPlan, ModelGraph, held_bytes) .set_callout(title, advice) .set_op;
                 hovered chosen; kind_ink(kernel)
    line_plot    LinePlot(title, unit, x_name, y_range).set_series([Series], x_end)
    scatter      ParetoPlot(x_name, y_name, y_most=).set_points([RunPoint], current); chosen

Plots of one page share an `axis_width`, so that their left edges align.

**Looking**: ``python -m motestudio.gui.shoot OUT --project DIR --page record`` saves the page in both themes and two
sizes. Hold it beside the design before calling it done.
"""
