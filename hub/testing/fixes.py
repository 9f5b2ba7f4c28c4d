"""What to do about a check that fails, by the name of its test. Knows nothing of any plugin."""

from __future__ import annotations

__all__ = ["AFTERWARDS", "FIXES", "fix_for"]

AFTERWARDS = "Ask no other machine for anything, and let `close()` raise nothing."
"""What mends a check that fails only after all that it does itself."""

_TENSORS = "Check `request.files`, and raise InferenceError with the file's name for what cannot be read."
_STATE = "Keep nothing from one call to the next; where the runtime does, raise no `concurrency` above 1 or copy it."

FIXES = {
    # the package
    "the_entry_point_imports_nothing_heavy": (
        "Import it in the module of the target, and name that as 'module:attribute'."
    ),
    "the_entry_point_is_imported_in_no_time": "Import in plugin.py nothing but hub.plugin; compute nothing there.",
    "the_host_finds_no_fault_in_it": "Do what the fault says. See: hub plugin list",
    "the_host_finds_no_fault_in_the_plugin": "Do what the fault says. See: hub plugin list",
    "it_is_made_for_the_contract_of_today": (
        "Move to the entry-point group of today; docs/contract.md says what changed."
    ),
    "every_target_of_its_specs_can_be_imported": "Correct the 'module:attribute', or install what its module imports.",
    "every_target_of_the_spec_can_be_imported": "Correct the 'module:attribute', or install what its module imports.",
    "its_version_is_the_same_everywhere": "Say the version in pyproject.toml alone.",
    "it_says_which_versions_of_the_core_it_is_for": "Depend on openmodelhub with both ends: openmodelhub>=0.1,<0.2",
    "what_it_depends_on_is_installed": "Install it; or correct the requirement in pyproject.toml.",
    "it_declares_what_it_imports": "Add the package to `dependencies` in pyproject.toml.",
    "it_uses_the_contract_alone": "Use hub.plugin, hub.types, hub.errors and hub.runtime.protocols alone.",
    "it_says_what_it_is": "Add description, license and requires-python to pyproject.toml.",
    "the_plugin_gives_what_its_fixture_is_of": (
        "Correct `of` in the fixture: table/id, as `hub plugin list` shows them."
    ),
    # backends
    "it_accepts_the_weights_and_estimates_their_memory": (
        "Answer from facts alone: None from `accepts`, an Estimate above 0."
    ),
    "its_probe_names_devices_that_the_spec_declares": "Give a Probe whose devices are among those of the BackendSpec.",
    "it_opens_on_every_device_that_it_names_here": "Let the probe name a device only where it works.",
    "a_session_says_what_the_contract_asks": (
        "Declare inputs and outputs for `run`; name fields of requests in `honours`."
    ),
    "it_opens_and_closes_several_times": _STATE,
    "opening_and_closing_often_leaks_nothing": (
        "Free in `close()` what was opened: files, threads, the runtime's own handles."
    ),
    "use_after_close_is_refused": "Leave it to the core's guard: hold nothing that answers after `close()`.",
    "damaged_weights_are_an_error_and_not_a_crash": _TENSORS,
    "the_same_request_gives_the_same_answer": _STATE,
    "threads_get_the_answers_that_one_alone_gets": "Lower `concurrency` to 1, or share no buffer between calls.",
    "a_bad_request_is_the_callers_mistake_and_does_not_harm_the_session": (
        "Raise InputError before anything is changed."
    ),
    "verbs_that_it_was_not_opened_for_are_refused": "Answer the verb of the request alone.",
    "it_agrees_with_the_reference": "Mend the computation; or declare the tolerance that it keeps in the fixture.",
    "feeds_that_are_missing_unknown_or_of_another_dtype_are_refused": "Declare each input as the runtime takes it.",
    "wanted_outputs_alone_are_given": "Give the outputs named in `wanted`, with the values of a full run.",
    "tensors_of_other_sizes_and_empty_ones_are_answered_or_refused": _STATE,
    "what_it_gives_does_not_change_with_the_next_call": "Copy what the runtime gives: it writes the buffer again.",
    "a_text_has_the_same_vector_alone_and_among_others": "Mask what is padding, in attention and in the mean.",
    "a_field_is_honoured_or_refused": "Name in `honours` what is obeyed, and nothing else.",
    "a_seed_gives_the_same_answer_again": (
        "Give the seed to the runtime for each request; else leave it out of `honours`."
    ),
    "what_is_emitted_is_what_is_answered": "Emit every piece once, and put the answer together from the same pieces.",
    "max_tokens_cuts_the_answer_and_says_so": "Stop at max_tokens with the finish 'length'.",
    "the_narrowest_filter_leaves_the_likeliest_token": (
        "Give top_k and top_p to the runtime; else leave them out of `honours`."
    ),
    "temperature_and_seed_change_the_answer": (
        "Give temperature and seed to the runtime; else leave them out of `honours`."
    ),
    "tokens_that_are_suppressed_do_not_come": "Give `suppress` to the runtime; else leave it out of `honours`.",
    "an_end_token_ends_the_answer": (
        "End at any of `eos`, without it, with the finish 'stop'; else leave it out of `honours`."
    ),
    "ragged_prompts_are_continued_as_each_alone": "Pad on the left and mask it, or continue each prompt by itself.",
    "a_tool_that_must_be_called_is_called": "Hold the runtime to a call; else leave `tools` out of `honours`.",
    "log_probabilities_are_told_of_every_token": (
        "Give the model's own probabilities in `Reply.logprobs`; else leave `top_logprobs` out of `honours`."
    ),
    "an_answer_keeps_to_the_schema": "Give the schema to the runtime's grammar; else leave it out of `honours`.",
    "stop_ends_the_answer_before_the_text": "Hold back what could be the beginning of a stop text; finish with 'stop'.",
    "a_callback_that_wants_no_more_stops_the_answer": (
        "End at once where `emit` gives True, with the finish 'cancelled'."
    ),
    "what_a_callback_raises_comes_out_and_the_session_goes_on": "Let it pass, or leave it to the core's guard.",
    "a_prompt_longer_than_the_context_is_refused_and_not_cut": "Raise ContextOverflow; never cut a prompt.",
    # model plugins
    "it_claims_its_weights_and_no_others": "Give True from `claims` for files of the family alone, else False.",
    "every_sample_is_answered_with_the_kind_of_the_task": "Give one answer for each input, of the task's output kind.",
    "an_empty_batch_has_an_empty_answer": "Give [] for [].",
    "a_batch_answers_as_one_after_the_other": "Keep the order, and mask what is padding.",
    "an_input_of_another_kind_is_the_callers_mistake": "Raise InputError for what is no input of the task.",
    "an_unknown_option_is_refused": "Declare options in the ModelSpec; take no others.",
    "pieces_join_to_the_whole_answer": "Emit every piece once, and put the answer together from the same pieces.",
    "a_closed_model_says_so": "Hold nothing that answers after the sessions are closed.",
    # transforms
    "it_takes_the_format_and_gives_what_its_spec_says": "Correct `takes` and `gives`.",
    "what_went_in_is_as_it_was": "Write into request.out alone.",
    "what_it_makes_can_be_opened_and_answers": "Write whole weights of the format, with every file that it has.",
    "its_lineage_is_recorded": "Declare every option and the revision in the TransformSpec.",
    "it_makes_the_same_again": "Take no time, no random number without a seed, no order of a set into what is written.",
    "what_it_predicts_comes_true": "Give Facts with the format and size of what comes out.",
    "damaged_weights_are_an_error_that_says_so": _TENSORS,
    "it_says_that_it_loses_something": "Set lossy=True in the TransformSpec.",
    "it_makes_weights_no_larger": "Write what is smaller, or call it a converter.",
    "it_loses_no_more_than_its_fixture_declares": "Lose less; or declare in the fixture what it loses.",
    "it_says_that_it_loses_nothing": "Set lossy=False in the TransformSpec.",
    "its_output_agrees_with_its_input": (
        "Mend the conversion; or declare the tolerance that it keeps in the TransformSpec."
    ),
    # formats
    "its_files_are_told_by_its_patterns": "Correct `match` and `weights` of the FormatSpec.",
    "no_other_format_takes_its_files_for_its_own": (
        "Add a pattern to `match` that the other format's files do not have."
    ),
    "a_folder_of_other_files_is_not_of_this_format": "Narrow `match` down to names that the format's files have.",
    "weights_that_can_carry_code_are_declared_unsafe": (
        "Set unsafe=True in the FormatSpec, or write weights without pickle."
    ),
    # sources
    "it_gives_the_bytes_of_every_file": "Push what the server has, byte for byte; quote names in addresses.",
    "it_goes_on_where_an_interrupted_pull_ended": "Begin at sink.offset, or call sink.restart() first.",
    "a_file_that_is_not_there_is_not_found": "Raise hub.errors.NotFound with the locator.",
    "a_locator_that_is_nonsense_is_an_error_of_the_source": "Check the locator; raise NotFound or SourceError.",
    "a_sink_that_refuses_ends_the_fetch": "Catch no HubError around sink.write.",
    "told_to_stay_offline_it_says_so": "Raise hub.errors.Offline where context.offline is true, before anything else.",
    "files_are_fetched_at_the_same_time": "Share nothing between instances; or set exclusive = True on the class.",
    "a_repository_is_listed_or_refused": "Give a Listing with a revision that never changes, or raise SourceError.",
    # tasks
    "every_kind_is_known": "Name kinds that the core or a plugin brings, or bring the KindSpec.",
    "its_samples_are_inputs_of_its_kinds": "Give two or more samples that the task's first kind reads.",
    "its_samples_are_the_same_each_time": "Draw samples with a fixed seed.",
    "equal_answers_lose_nothing": "Give a loss of 0, and finite figures, where all answers are the same.",
    "worse_answers_lose_something": "Give a loss above 0 where answers differ; keep nothing between measures.",
    # kinds
    "a_value_of_the_kind_is_given_back_as_it_is": "Give a value of the kind back as the same object.",
    "a_path_bytes_and_streams_give_the_same": "Read each of them; do not seek in a stream that cannot.",
    "every_ending_is_written_or_refused_as_the_callers_mistake": "Write every ending, or raise InputError for it.",
    "what_is_none_of_the_kind_is_the_callers_mistake": "Raise InputError in one line, with the name of the file.",
    "content_that_is_cut_is_read_or_refused": "Raise InputError for what is cut.",
    "what_is_said_of_a_value_is_json": "Give numbers, texts, lists and mappings of Python from `describe`.",
    "a_value_can_be_sent_to_a_worker": "Make the value pickle.",
}
"""Name of a test, without `test_`, to the step that mends what it finds."""


def fix_for(test: str) -> str:
    """The step for a test, by its name without parameters."""
    return FIXES.get(test.removeprefix("test_"), "")
