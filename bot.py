"""FaceTag's entry: `python bot.py` runs the bot, `python bot.py --help` lists the commands."""

if __name__ == "__main__":
    # Imported here, so that nothing is loaded by whoever merely imports this file.
    from tagbot.main import main

    raise SystemExit(main())
