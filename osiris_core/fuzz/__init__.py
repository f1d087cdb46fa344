"""Manifests that write themselves: generated pipelines with hostile data, run on both targets and made small.

    example       a manifest with its files, as a value        yaml_text     how it is written down
    values        hostile values, column by column             tables        tables as CSV and as code
    options       what a step's config may say                 manifests     whole manifests
    files         files that drivers read                      step_code     the code that ships with an example

    hunt          looks for an example that parts the targets, and makes it small
    ground        servers, targets, drivers and code           bad           manifests with a mistake planted
    trial         what one example came to                     reproducer    the smallest one as a directory to commit
    reduction     an example made smaller step by step

Everything that makes examples needs Hypothesis, the extra `fuzz`; it is imported in this room only, and this room only
when somebody fuzzes.
"""
